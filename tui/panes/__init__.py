"""What the tabs under the task table show of one job."""
