"""Documents (文书) and circulars: registered, printed, issued, made public."""
