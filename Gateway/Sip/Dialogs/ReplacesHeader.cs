using Talreg.Sip.Messages;

namespace Talreg.Sip.Dialogs;

/// <summary>The dialog that an INVITE asks to replace (RFC 3891 §6.1).</summary>
/// <param name="Key">Its key in our table: to-tag is ours, from-tag is the client's.</param>
/// <param name="EarlyOnly">Only if it is not confirmed yet.</param>
internal readonly record struct ReplacesHeader(string Key, bool EarlyOnly)
{
    // Replaces: callid;to-tag=...;from-tag=...;early-only
    public static bool TryRead(SipMessage message, out ReplacesHeader header)
    {
        header = default;
        if (message.Count(HeaderName.Replaces) != 1 || !message.TryGet(HeaderName.Replaces, out var value))
        {
            return false;
        }

        var semicolon = value.IndexOf((byte)';');
        if (semicolon <= 0 || SipText.IndexOutside(value, (byte)',') >= 0
            || !SipText.TryGetParameter(value[semicolon..], "to-tag"u8, out var to) || to.IsEmpty
            || !SipText.TryGetParameter(value[semicolon..], "from-tag"u8, out var from) || from.IsEmpty)
        {
            return false;
        }

        header = new ReplacesHeader(
            Dialog.KeyOf(SipText.Keep(SipText.Trim(value[..semicolon])), SipText.Keep(to), SipText.Keep(from)),
            SipText.TryGetParameter(value[semicolon..], "early-only"u8, out _));
        return true;
    }
}
