using System.Globalization;
using Talreg.Sip.Messages;

namespace Talreg.Sip.Dialogs;

/// <summary>What a request asks of the session timer (RFC 4028 §9).</summary>
/// <param name="Interval">The interval to run; null for none.</param>
/// <param name="Fault">422 when too small, 400 when unreadable, 0 when fine.</param>
internal readonly record struct SessionTimerRequest(TimeSpan? Interval, int Fault)
{
    /// <summary>
    /// Reads Session-Expires. Only a client that can refresh gets a timer: we send no refreshes, and without the header
    /// in the answer no timer runs.
    /// </summary>
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
            return new SessionTimerRequest(null, 400);
        }

        var clientKnows = message.Lists(HeaderName.Supported, "timer"u8)
            || message.Lists(HeaderName.Require, "timer"u8);
        var interval = TimeSpan.FromSeconds(Math.Min(seconds, 86_400));
        if (interval < minimum && clientKnows)
        {
            return new SessionTimerRequest(null, 422);
        }

        var wantsUs = SipText.TryGetParameter(semicolon < 0 ? default : value[semicolon..], "refresher"u8, out var who)
            && who.SequenceEqual("uas"u8);
        return clientKnows && !wantsUs ? new SessionTimerRequest(interval, 0) : default;
    }

    /// <summary>The header lines of a 2xx; empty when no timer runs.</summary>
    public string AnswerHeaders() => Interval is not { } interval ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"Require: timer\r\nSession-Expires: {(int)interval.TotalSeconds};refresher=uac\r\n");
}
