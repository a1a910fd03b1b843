"""Every call, every failure: short stories, played again for each call in them and each way in which it can fail."""
