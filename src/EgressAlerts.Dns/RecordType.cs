namespace EgressAlerts.Dns;

/// <summary>The record types that are asked for, and those met on the way (RFC 1035, RFC 2782, RFC 3596, RFC 6891).</summary>
internal enum RecordType : ushort
{
    A = 1,
    Cname = 5,
    Soa = 6,
    Ptr = 12,
    Aaaa = 28,
    Srv = 33,
    Opt = 41,
}
