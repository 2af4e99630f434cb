namespace EgressAlerts.Common;

/// <summary>Which records of DNS name servers.</summary>
public enum TargetKind
{
    Srv,
    A,
    Aaaa,
}
