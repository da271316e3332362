"""The pieces of `Watchdog`: what it looks at, what it says, and how a run goes back."""
