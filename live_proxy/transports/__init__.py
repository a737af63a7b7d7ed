"""The ways to Gemini, each behind the contract of `transports.base`."""
