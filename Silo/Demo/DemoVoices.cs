namespace Talreg.Silo.Demo;

/// <summary>The embedded voices: raw A-law, 8000 Hz, of equal length (Voices/README.md).</summary>
internal static class DemoVoices
{
    /// <summary>How long the voices talk.</summary>
    public static TimeSpan Duration => TimeSpan.FromSeconds(Caller().Length / 8000.0);

    public static byte[] Caller() => Read("caller.al");

    public static byte[] Agent() => Read("agent.al");

    private static byte[] Read(string name)
    {
        using var resource = typeof(DemoVoices).Assembly.GetManifestResourceStream("Talreg.Silo.Demo.Voices." + name)
            ?? throw new InvalidOperationException($"The voice {name} is not embedded.");
        var voice = new byte[resource.Length];
        resource.ReadExactly(voice);
        return voice;
    }
}
