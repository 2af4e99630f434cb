namespace EgressAlerts.Detection;

/// <summary>Robust statistics of a few values.</summary>
internal static class Statistics
{
    private const double NormalMad = 1.4826;

    /// <summary>The value in the middle, or the mean of the two in the middle. Sorts the list.</summary>
    public static double Median(List<double> values)
    {
        values.Sort();
        return values.Count % 2 == 1 ? values[values.Count / 2] : (values[(values.Count / 2) - 1] + values[values.Count / 2]) / 2;
    }

    /// <summary>1.4826 times the MAD: for values with a normal distribution this is the standard deviation.</summary>
    public static double Spread(List<double> values, double median) => NormalMad * Mad(values, median);

    /// <summary>The median absolute deviation (MAD): the median of the distances from the median.</summary>
    public static double Mad(List<double> values, double median) => Median([.. values.Select(value => Math.Abs(value - median))]);

    /// <summary>The value below which a part (0 to 1) of the sorted values lies, interpolated between two of them.</summary>
    public static double Quantile(List<double> sorted, double part)
    {
        var at = part * (sorted.Count - 1);
        var low = (int)at;
        return low + 1 < sorted.Count ? sorted[low] + ((at - low) * (sorted[low + 1] - sorted[low])) : sorted[low];
    }
}
