"""What a deployment costs a month: counts that were measured, times prices that were looked up."""
