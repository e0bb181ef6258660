using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Talreg.Api.Access;

/// <summary>The sessions of the page: a random id in a cookie, everything else here. They end with the process.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class PageSessions(TimeProvider time)
{
    public const int Max = 1000;
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);
    public static readonly TimeSpan IdleLimit = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();

    // By the id's hash, so that the time of a look-up says nothing of the ids.
    private readonly Dictionary<string, Session> _sessions = new(StringComparer.Ordinal);

    /// <summary>Begins a session for the owner of a token. When there are too many, the one idle longest ends.</summary>
    /// <returns>The id: 256 random bits.</returns>
    public string Begin(string name)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (_sessions.Count >= Max)
            {
                _sessions.Remove(_sessions.MinBy(static pair => pair.Value.SeenAt).Key);
            }

            _sessions[Key(id)] = new Session(name, now, now);
        }

        return id;
    }

    /// <summary>Whose session it is, if it lives.</summary>
    public bool TryFind(string id, [NotNullWhen(true)] out string? name)
    {
        var key = Key(id);
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (!_sessions.TryGetValue(key, out var session))
            {
                name = null;
                return false;
            }

            if (session.BeganAt + Lifetime <= now || session.SeenAt + IdleLimit <= now)
            {
                _sessions.Remove(key);
                name = null;
                return false;
            }

            _sessions[key] = session with { SeenAt = now };
            name = session.Name;
            return true;
        }
    }

    /// <summary>Ends a session.</summary>
    public void End(string id)
    {
        lock (_gate)
        {
            _sessions.Remove(Key(id));
        }
    }

    private static string Key(string id) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(id)));

    private readonly record struct Session(string Name, DateTimeOffset BeganAt, DateTimeOffset SeenAt);
}
