using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Talreg.Api.Http;
using Talreg.Contracts;
using Talreg.Contracts.Ledger;

namespace Talreg.Api.Recordings;

/// <summary>Who listens to what, and why.</summary>
internal readonly record struct Listen(CallId Call, string Actor, string Purpose, string What);

/// <summary>Puts listens in the ledger: one leaf per listening session, which is ten minutes of the same listen.</summary>
/// <remarks>Thread-safe. Requests of one session that come together wait for the one leaf.</remarks>
internal sealed class ListenLedger(
    TenantGrains grains, TalregApiOptions options, TimeProvider time, ILogger<ListenLedger> log)
{
    public const int MaxSessions = 10_000;
    public static readonly TimeSpan SessionLength = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<Listen, Session> _sessions = [];

    /// <summary>Completes when the leaf of this listen is in the ledger; only then may a byte be sent.</summary>
    /// <exception cref="LedgerUnavailableException">The ledger refused, or did not confirm in time.</exception>
    public async Task RecordAsync(Listen listen, CancellationToken cancellationToken)
    {
        var session = Enter(listen);
        try
        {
            await session.Leaf.WaitAsync(options.LedgerDeadline, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is TimeoutException or RefusalException or OrleansException)
        {
            ApiLog.ListenRefused(log, fault, session.Id, listen.Call.ToString());
            throw new LedgerUnavailableException(fault);
        }
    }

    /// <summary>Begins a session, joins the one that lives, or tries its leaf again under the same key.</summary>
    private Session Enter(Listen listen)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (_sessions.TryGetValue(listen, out var session) && session.BeganAt + SessionLength > now)
            {
                if (!session.Leaf.IsFaulted && !session.Leaf.IsCanceled)
                {
                    return session;
                }
            }
            else
            {
                MakeRoom(now);
                var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
                session = new Session(id, now, Task.CompletedTask);
            }

            session = session with { Leaf = AppendAsync(listen, session) };
            _sessions[listen] = session;
            return session;
        }
    }

    private async Task AppendAsync(Listen listen, Session session)
    {
        var body = Body(listen, session.Id);
        var leaf = new LedgerEvent(LedgerEventKind.Listen, "listen/" + session.Id, session.BeganAt, body);
        await grains.Ledger.AppendAsync(leaf).ConfigureAwait(false);
    }

    /// <summary>Canonical JSON (FORMAT.md §6, type 3): members sorted, no white space.</summary>
    private byte[] Body(Listen listen, string session)
    {
        var json = new StringBuilder("{");
        Member(json, "actor", listen.Actor);
        Member(json, "call", listen.Call.ToString());
        Member(json, "purpose", listen.Purpose);
        Member(json, "session", session);
        Member(json, "tenant", grains.Tenant);
        Member(json, "what", listen.What);
        return Encoding.UTF8.GetBytes(json.Append('}').ToString());
    }

    /// <summary>RFC 8785 §3.2.2.2 for text without control characters, which is what a purpose may hold.</summary>
    private static void Member(StringBuilder json, string name, string value)
    {
        json.Append(json.Length == 1 ? "\"" : ",\"").Append(name).Append("\":\"");
        foreach (var c in value)
        {
            if (c is '"' or '\\')
            {
                json.Append('\\');
            }

            json.Append(c);
        }

        json.Append('"');
    }

    private void MakeRoom(DateTimeOffset now)
    {
        if (_sessions.Count < MaxSessions)
        {
            return;
        }

        foreach (var (listen, session) in _sessions)
        {
            if (session.BeganAt + SessionLength <= now)
            {
                _sessions.Remove(listen);
            }
        }

        // Forgetting one that lives costs no more than a second leaf.
        if (_sessions.Count >= MaxSessions)
        {
            _sessions.Remove(_sessions.MinBy(static pair => pair.Value.BeganAt).Key);
        }
    }

    private sealed record Session(string Id, DateTimeOffset BeganAt, Task Leaf);
}

/// <summary>The ledger did not confirm a listen or a copy: no byte may be sent.</summary>
internal sealed class LedgerUnavailableException(Exception cause)
    : Exception("The ledger did not confirm who asks, so nothing is given; try again.", cause);
