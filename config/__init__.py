"""What changes between machines or years. Imports nothing of ours."""
