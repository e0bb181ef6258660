namespace Talreg.Benchmarks;

/// <summary>A measurement that cannot be made, or whose counts do not add up. The message is for the reader.</summary>
internal sealed class BenchmarkException : Exception
{
    public BenchmarkException()
    {
    }

    public BenchmarkException(string message)
        : base(message)
    {
    }

    public BenchmarkException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
