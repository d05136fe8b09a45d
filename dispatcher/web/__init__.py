"""The pages: parse, authorise, call one service or read, render."""
