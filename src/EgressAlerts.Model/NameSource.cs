namespace EgressAlerts.Model;

/// <summary>Where the name of a destination came from, the most trustworthy source first.</summary>
public enum NameSource
{
    Registry,
    Network,
    Special,
    Sni,
    Host,
    Ptr,
    PtrUnconfirmed,
    Ip,
    Unknown,
}
