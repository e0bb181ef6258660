namespace Talreg.Media.Codecs;

/// <summary>
/// A decoder outside this program failed, by time, memory or a crash. Audio must not be passed off as silence then: the
/// reading of the WAV ends with this.
/// </summary>
public sealed class AudioDecodeException : Exception
{
    /// <summary>Says what failed and how.</summary>
    public AudioDecodeException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
