using System.Globalization;
using Talreg.Sip.Messages;

namespace Talreg.Sip.Dialogs;

/// <summary>What a request asks of the session timer (RFC 4028 §9).</summary>
/// <param name="Interval">The interval to run; null for none.</param>
/// <param name="IsOurs">We refresh: asked so, or a proxy wants a timer and the client knows none.</param>
/// <param name="ClientKnows">Whether the client lists the extension.</param>
/// <param name="Fault">422 when too small, 400 when unreadable, 0 when fine.</param>
internal readonly record struct SessionTimerRequest(TimeSpan? Interval, bool IsOurs, bool ClientKnows, int Fault)
{
    /// <summary>Reads Session-Expires; without it no timer runs.</summary>
    public static SessionTimerRequest Read(SipMessage message, TimeSpan minimum)
    {
        if (!message.TryGet(HeaderName.SessionExpires, out var value))
        {
            return default;
        }

        var semicolon = value.IndexOf((byte)';');
        var number = SipText.Trim(semicolon < 0 ? value : value[..semicolon]);
        if (!SipText.TryReadNumber(number, out var seconds))
        {
            return new SessionTimerRequest(null, IsOurs: false, ClientKnows: false, 400);
        }

        var clientKnows = message.Lists(HeaderName.Supported, "timer"u8)
            || message.Lists(HeaderName.Require, "timer"u8);
        var interval = TimeSpan.FromSeconds(Math.Min(seconds, 86_400));
        if (interval < minimum && clientKnows)
        {
            return new SessionTimerRequest(null, IsOurs: false, clientKnows, 422);
        }

        var wantsUs = SipText.TryGetParameter(semicolon < 0 ? default : value[semicolon..], "refresher"u8, out var who)
            && who.SequenceEqual("uas"u8);

        // A client that knows no timer cannot be told of too small an interval: ours is used (RFC 4028 §9, table 2).
        return new SessionTimerRequest(
            interval < minimum ? minimum : interval, wantsUs || !clientKnows, clientKnows, 0);
    }

    /// <summary>What the answer to a refresh of ours says; without a header the timer is over.</summary>
    public static SessionTimerRequest ReadAnswer(SipMessage? response)
    {
        if (response is null || !response.TryGet(HeaderName.SessionExpires, out var value))
        {
            return default;
        }

        var semicolon = value.IndexOf((byte)';');
        if (!SipText.TryReadNumber(SipText.Trim(semicolon < 0 ? value : value[..semicolon]), out var seconds))
        {
            return default;
        }

        // In the answer to our request, uas is the client.
        var isTheirs = SipText.TryGetParameter(semicolon < 0 ? default : value[semicolon..], "refresher"u8, out var who)
            && who.SequenceEqual("uas"u8);
        return new SessionTimerRequest(
            TimeSpan.FromSeconds(Math.Clamp(seconds, 90, 86_400)), !isTheirs, ClientKnows: true, 0);
    }

    /// <summary>The header lines of a 2xx; empty when no timer runs.</summary>
    public string AnswerHeaders() => Interval is null
        ? ""
        : (ClientKnows ? "Require: timer\r\n" : "") + SessionExpires(IsOurs ? "uas" : "uac");

    /// <summary>The header lines of a refresh of ours.</summary>
    public string RequestHeaders() => Interval is null ? "" : SessionExpires(IsOurs ? "uac" : "uas");

    private string SessionExpires(string refresher) => string.Create(
        CultureInfo.InvariantCulture,
        $"Session-Expires: {(int)Interval!.Value.TotalSeconds};refresher={refresher}\r\n");
}
