namespace Talreg.Media.Digits;

/// <summary>A key that was pressed (RFC 4733 §3.2), however many packets told of it.</summary>
/// <param name="Symbol"><c>0</c> to <c>9</c>, <c>*</c>, <c>#</c>, <c>A</c> to <c>D</c>, or <c>flash</c>.</param>
/// <param name="StartNs">When it went down: monotonic nanoseconds, the clock of the take's start and end.</param>
/// <param name="Duration">How long it was held, as far as packets told.</param>
/// <param name="Ended">False where no packet told of its end: the rest was lost, or not recorded.</param>
public readonly record struct PressedKey(string Symbol, long StartNs, TimeSpan Duration, bool Ended);
