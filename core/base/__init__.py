"""The ground floor, which every room may use: files, locks, times, text from outside made safe."""
