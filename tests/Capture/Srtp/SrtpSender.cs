using Talreg.Capture.Srtp;
using Talreg.TestKit;

namespace Talreg.Capture.Tests.Srtp;

/// <summary>A sender whose keys capture is told.</summary>
internal sealed class SrtpSender : SrtpSealer
{
    public SrtpSender(SrtpSuite suite, int seed, byte[]? mki = null)
        : base(suite.ToName(), seed, mki)
    {
        Assert.True(SrtpKeys.TryCreate(suite, KeyAndSalt.Span, mki ?? [], out var keys));
        Keys = keys!;
    }

    public SrtpKeys Keys { get; }
}
