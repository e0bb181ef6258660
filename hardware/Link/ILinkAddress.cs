namespace Talreg.Hardware.Link;

/// <summary>An address that is held for as long as it is renewed. Any thread; nothing waits for the network.</summary>
public interface ILinkAddress
{
    /// <summary>Takes the address, or renews it.</summary>
    /// <param name="validFor">When the kernel drops it, in whole seconds.</param>
    /// <exception cref="IOException">The system refused.</exception>
    void Hold(TimeSpan validFor);

    /// <summary>Gives the address up; one that is gone already is no error.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    void Release();

    /// <summary>
    /// Tells the network that the address is here now, so that nobody goes on sending to where it was.
    /// </summary>
    /// <exception cref="IOException">The system refused.</exception>
    void Announce();
}
