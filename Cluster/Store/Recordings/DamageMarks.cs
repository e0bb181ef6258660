using System.Text;
using Talreg.Store.IO;

namespace Talreg.Store.Recordings;

/// <summary>
/// Marks beside recordings that were found damaged or missing: <c>{take id}.trec.damaged</c>, a line of text that says when and
/// what. The recording itself is never touched. Any thread; one recording is marked by one caller at a time.
/// </summary>
internal static class DamageMarks
{
    private const string Extension = ".damaged";

    internal static string PathOf(string recording) => recording + Extension;

    /// <summary>Marks a recording, durably.</summary>
    /// <returns>False when it is marked already: the mark stays as it was.</returns>
    internal static bool TryMark(string recording, string reason, DateTimeOffset at)
    {
        var path = PathOf(recording);
        if (File.Exists(path))
        {
            return false;
        }

        SmallFile.Replace(path, Encoding.UTF8.GetBytes(FormattableString.Invariant($"{at:O} {reason}\n")));
        return true;
    }

    /// <summary>Takes the mark away; false when there was none.</summary>
    internal static bool TryUnmark(string recording)
    {
        var path = PathOf(recording);
        if (!File.Exists(path))
        {
            return false;
        }

        Folders.Delete(path);
        return true;
    }
}
