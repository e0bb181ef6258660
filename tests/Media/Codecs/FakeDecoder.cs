namespace Talreg.Media.Tests.Codecs;

/// <summary>A program called ffmpeg that does what a test wants.</summary>
internal static class FakeDecoder
{
    /// <summary>A folder with one that must never be started.</summary>
    public static string Folder() => AppContext.BaseDirectory + "Codecs";

    /// <summary>Writes one into a folder.</summary>
    public static void Write(string folder, string script)
    {
        var path = Path.Combine(folder, "ffmpeg");
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }
}
