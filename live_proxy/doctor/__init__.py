"""Examines a set-up from its settings to Google's answer, and says what is wrong and what to do."""
