namespace EgressAlerts.Detection;

/// <summary>Whether something fires, and since when. It fires from a window that is too much until a quiet time has passed without one.</summary>
/// <remarks>What detectors store derives from this type, so that <c>since</c> and <c>last</c> lie beside the other values in the database.</remarks>
/// <example>The quiet time is 1 h. Windows that end at 10:00 and 10:05 are too much. So it fires since 10:00, and no more at 11:05.</example>
internal class FiringState
{
    /// <summary>The end of the window with which it began; the default value while it does not fire.</summary>
    public virtual DateTimeOffset Since { get; set; }

    /// <summary>The end of the last window that was too much.</summary>
    public virtual DateTimeOffset Last { get; set; }

    public bool IsFiring => Since != default;

    /// <summary>This window is too much.</summary>
    /// <returns>Whether it begins to fire.</returns>
    public bool Fire(DateTimeOffset now)
    {
        var begins = !IsFiring;
        if (begins) Since = now;
        Last = now;
        return begins;
    }

    public bool IsOver(DateTimeOffset now, TimeSpan quiet) => now - Last >= quiet;

    /// <returns>Whether it fired and has ended now.</returns>
    public bool TryEnd(DateTimeOffset now, TimeSpan quiet)
    {
        if (!IsFiring || !IsOver(now, quiet)) return false;
        Since = default;
        return true;
    }
}
