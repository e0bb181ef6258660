using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Talreg.Sip.Transport;

/// <summary>A stream that messages may go over, and who is at its other end.</summary>
/// <param name="Stream">Owns the socket.</param>
/// <param name="CertificateNames">The names of the other side's certificate; null where none was shown.</param>
internal sealed record OpenStream(Stream Stream, IReadOnlyList<string>? CertificateNames);

/// <summary>Makes a stream of a socket: as it is, or under TLS. Either throws; there is no third way.</summary>
/// <param name="credentials">Null for plain TCP.</param>
/// <param name="sink">Where refused certificates are told.</param>
internal sealed class StreamOpener(TlsCredentials? credentials, ISipTransportSink sink)
{
    public SipTransportKind Kind => credentials is null ? SipTransportKind.Tcp : SipTransportKind.Tls;

    /// <summary>A connection that a client opened.</summary>
    public async Task<OpenStream> AcceptAsync(Socket socket, IPEndPoint remote, CancellationToken cancellationToken)
    {
        var plain = new NetworkStream(socket, ownsSocket: true);
        if (credentials is null)
        {
            return new OpenStream(plain, null);
        }

        var options = credentials.ForClient(
            exception => sink.OnTransportFailed(Kind, remote, exception),
            reason => sink.OnConnectionFailed(remote, Kind, reason));
        var open = await SecureAsync(plain, tls => tls.AuthenticateAsServerAsync(options, cancellationToken))
            .ConfigureAwait(false);

        // Names nobody vouched for are none.
        return credentials.VerifiesClients ? open : open with { CertificateNames = null };
    }

    /// <summary>A connection of ours.</summary>
    public async Task<OpenStream> ConnectAsync(Socket socket, SipTarget target, CancellationToken cancellationToken)
    {
        await socket.ConnectAsync(target.Endpoint, cancellationToken).ConfigureAwait(false);
        var plain = new NetworkStream(socket, ownsSocket: true);
        if (credentials is null)
        {
            return new OpenStream(plain, null);
        }

        var options = credentials.ForServer(
            target.Name, exception => sink.OnTransportFailed(Kind, target.Endpoint, exception));
        return await SecureAsync(plain, tls => tls.AuthenticateAsClientAsync(options, cancellationToken))
            .ConfigureAwait(false);
    }

    private static async Task<OpenStream> SecureAsync(NetworkStream plain, Func<SslStream, Task> authenticateAsync)
    {
        var tls = new SslStream(plain, leaveInnerStreamOpen: false);
        var isOpen = false;
        try
        {
            await authenticateAsync(tls).ConfigureAwait(false);
            isOpen = true;
            return new OpenStream(
                tls, tls.RemoteCertificate is X509Certificate2 certificate ? CertificateNames.Of(certificate) : null);
        }
        finally
        {
            if (!isOpen)
            {
                await tls.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
