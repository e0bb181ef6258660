using System.Net;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime.Messaging;

namespace Talreg.Silo.Hosting.Cluster;

/// <summary>Lets connections without certificates go to this machine only, whatever the membership table says.</summary>
internal sealed class LoopbackOnly : IConnectionMiddleware
{
    /// <inheritdoc />
    public Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next) =>
        context.RemoteEndPoint is IPEndPoint silo && IPAddress.IsLoopback(silo.Address)
            ? next(context)
            : throw new ConnectionAbortedException(
                $"Silo {context.RemoteEndPoint} is on another machine: give cluster-tls-certificate, -key and -trust.");
}
