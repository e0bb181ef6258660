namespace Talreg.Api.Access;

/// <summary>The token file or the bootstrap token cannot be used: nobody could sign in, so nothing is started.</summary>
/// <param name="message">What is wrong and what to do, in one line.</param>
/// <param name="cause">What the system said, if anything.</param>
public sealed class AccessTokensException(string message, Exception? cause = null) : Exception(message, cause);
