using Talreg.Sip.Messages;

namespace Talreg.Sip.Dialogs;

/// <summary>What a client says of itself in the INVITE that makes a dialog.</summary>
/// <param name="TakesUpdate">Its Allow lists UPDATE (RFC 3311 §4).</param>
/// <param name="TakesSnapshotRequest">
/// Its Accept lists <c>application/rs-metadata-request</c>; or it requires siprec, does not say what it accepts, and can be
/// asked by UPDATE. A re-INVITE stands in the way of the client's own, so nobody gets one who did not ask for it.
/// </param>
internal readonly record struct ClientAbilities(bool TakesUpdate, bool TakesSnapshotRequest)
{
    public static ClientAbilities Read(SipMessage message)
    {
        var takesUpdate = message.Lists(HeaderName.Allow, "UPDATE"u8);
        return new ClientAbilities(
            takesUpdate,
            message.Count(HeaderName.Accept) > 0
                ? message.Lists(HeaderName.Accept, "application/rs-metadata-request"u8)
                : takesUpdate && message.Lists(HeaderName.Require, "siprec"u8));
    }
}
