"""What is wrong with this installation, and what to do about each thing. Changes nothing."""
