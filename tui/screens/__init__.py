"""The screens and dialogs of the dashboard."""
