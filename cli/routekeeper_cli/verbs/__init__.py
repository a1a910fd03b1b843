"""What each verb of the command takes and does."""
