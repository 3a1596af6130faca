"""Pure drawing: numbers, bars, sparklines and lines of text as styled segments."""
