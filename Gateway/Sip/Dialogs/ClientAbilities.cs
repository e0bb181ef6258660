using Talreg.Sip.Messages;

namespace Talreg.Sip.Dialogs;

/// <summary>What a client says of itself in the INVITE that makes a dialog.</summary>
/// <param name="TakesUpdate">Its Allow lists UPDATE (RFC 3311 §4).</param>
/// <param name="TakesSnapshotRequest">
/// Its Accept lists <c>application/rs-metadata-request</c>, or it requires siprec and does not say what it accepts.
/// </param>
internal readonly record struct ClientAbilities(bool TakesUpdate, bool TakesSnapshotRequest)
{
    public static ClientAbilities Read(SipMessage message) => new(
        message.Lists(HeaderName.Allow, "UPDATE"u8),
        message.Count(HeaderName.Accept) > 0
            ? message.Lists(HeaderName.Accept, "application/rs-metadata-request"u8)
            : message.Lists(HeaderName.Require, "siprec"u8));
}
