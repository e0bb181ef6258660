using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Prometheus;
using Talreg.Api.Http;
using Talreg.Api.Ledger;

namespace Talreg.Api.Access;

/// <summary>What came of asking who a request is from: a caller, a wait, or the reason it is nobody.</summary>
internal readonly record struct Authentication(Caller? Caller, TimeSpan? RetryAfter, string? Denied);

/// <summary>Finds the caller by bearer token or by the page's cookie.</summary>
internal sealed class Authenticator
{
    private const string Scheme = "Bearer ";

    private const string Missing = "missing";
    private const string Blocked = "blocked";
    private const string Wrong = "wrong";

    private readonly AccessTokens _tokens;
    private readonly PageSessions _sessions;
    private readonly FailedAttempts _attempts;
    private readonly LoginFailureLedger _failures;
    private readonly ILogger<Authenticator> _log;
    private readonly Counter _denied;

    public Authenticator(
        AccessTokens tokens,
        PageSessions sessions,
        FailedAttempts attempts,
        LoginFailureLedger failures,
        TalregApiOptions options,
        ILogger<Authenticator> log)
    {
        _tokens = tokens;
        _sessions = sessions;
        _attempts = attempts;
        _failures = failures;
        _log = log;
        _denied = Metrics.WithCustomRegistry(options.Registry ?? Metrics.DefaultRegistry).CreateCounter(
            "talreg_api_denied_total", "Requests refused for want of a valid token.", "reason");
        foreach (var reason in (string[])[Missing, Blocked, Wrong])
        {
            _denied.WithLabels(reason);
        }

        ApiLog.TokensOpened(log, options.TokenFile);
    }

    /// <summary>Who sent this request. The header wins over the cookie.</summary>
    public Authentication Authenticate(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length != 0)
        {
            var presented = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
                ? header[Scheme.Length..].Trim()
                : string.Empty;
            return Check(presented, http.Connection.RemoteIpAddress);
        }

        if (http.Request.Cookies.TryGetValue(SessionCookie.Name(http.Request), out var id)
            && _sessions.TryFind(id, out var name))
        {
            return new Authentication(new Caller(name, id), null, null);
        }

        _denied.WithLabels(Missing).Inc();
        return default;
    }

    /// <summary>Checks a token that came from this address.</summary>
    public Authentication Check(string presented, IPAddress? address)
    {
        if (_attempts.BlockedFor(address) is { } wait)
        {
            _denied.WithLabels(Blocked).Inc();
            return new Authentication(null, wait, null);
        }

        if (_tokens.TryFind(presented, out var name))
        {
            return new Authentication(new Caller(name, null), null, null);
        }

        Refused(address);
        return new Authentication(null, null, "The token is not known here; check that it was copied whole.");
    }

    private void Refused(IPAddress? address)
    {
        _denied.WithLabels(Wrong).Inc();
        var from = address?.ToString() ?? "unknown";
        if (_attempts.Add(address))
        {
            ApiLog.AddressBlocked(_log, from, (int)FailedAttempts.Window.TotalSeconds);
            _failures.Note(address);
        }
        else
        {
            ApiLog.TokenRefused(_log, from);
        }
    }
}
