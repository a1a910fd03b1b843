"""What a deployment costs a month: measured counts times prices that were looked up."""
