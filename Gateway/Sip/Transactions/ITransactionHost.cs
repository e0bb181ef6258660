using Talreg.Sip.Transport;

namespace Talreg.Sip.Transactions;

/// <summary>What transactions and dialogs need of the server; all on its loop.</summary>
internal interface ITransactionHost
{
    SipServerOptions Options { get; }

    TimerQueue Timers { get; }

    /// <summary>Sends; false when it certainly did not go out.</summary>
    bool Send(in SipFlow flow, byte[] message);

    void Remove(ServerTransaction transaction);

    void Remove(IClientTransaction transaction);
}
