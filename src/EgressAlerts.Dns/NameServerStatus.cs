namespace EgressAlerts.Dns;

/// <summary>How one name server stands.</summary>
/// <param name="Server">Its address and port.</param>
/// <param name="RestingSince">Since when it is not asked, because it did not answer; null while it is asked.</param>
/// <param name="LastError">Why the last question to it failed; empty if the server answered the last question.</param>
public sealed record NameServerStatus(string Server, DateTimeOffset? RestingSince, string LastError);
