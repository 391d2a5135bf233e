"""The AWS account a command works against: real, or emulated on loopback."""
