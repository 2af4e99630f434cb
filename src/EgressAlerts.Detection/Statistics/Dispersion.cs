namespace EgressAlerts.Detection;

/// <summary>How much the exchanges in stretches of several lengths vary: <c>Fano factor = variance / mean</c> of their number.</summary>
/// <remarks>Exchanges at random have 1, bursts have more. Exchanges at regular times have little, however many pods make them and whatever their phases,
/// because variances and means of independent pulses add up. So this finds what intervals cannot tell: periods of one window, and many pods.</remarks>
/// <example>Ten pods call home every five minutes, each at its own time. In stretches of five windows of a minute there are always 10 exchanges, so the
/// Fano factor is 0. Ten exchanges on average at random have a variance of 10, and a factor of 1.</example>
internal sealed class Dispersion
{
    /// <summary>Fewer stretches say too little. With 64 the factor is below 0.35 by chance once in a million cases.</summary>
    private const int LeastStretches = 64;

    /// <summary>With more stretches all sums are halved, so that old ones count less: a beacon may begin in old traffic.</summary>
    private const int MostStretches = 256;

    /// <summary>A factor below this is no chance.</summary>
    private const double Most = 0.35;

    /// <summary>The lengths of stretches, in windows.</summary>
    private static readonly int[] Spans = [1, 2, 5, 10, 20, 60];

    /// <summary>The last window that had an exchange, counted from the epoch.</summary>
    public long Last { get; set; }

    /// <summary>Four numbers for each span: how many stretches are over, the sum of their exchanges, the sum of squares, and the exchanges of the stretch
    /// that goes on. The last is -1 where that stretch began before the first exchange.</summary>
    public double[] Sums
    {
        get;
        init => field = value.Length == Spans.Length * 4 ? value : throw new FormatException($"{Spans.Length * 4} numbers are needed");
    } = new double[Spans.Length * 4];

    /// <param name="window">Counted from the epoch.</param>
    /// <param name="exchanges">How many there were in this window.</param>
    public void Add(long window, double exchanges)
    {
        for (var i = 0; i < Spans.Length; i++)
        {
            var sums = Sums.AsSpan(i * 4, 4);
            var over = (window / Spans[i]) - (Last / Spans[i]);
            if (Last == 0) sums[3] = window % Spans[i] == 0 ? exchanges : -1;
            else if (over == 0) sums[3] += sums[3] < 0 ? 0 : exchanges;
            else CloseStretch(sums, over, exchanges);
        }

        Last = window;
    }

    public void Clear()
    {
        Last = 0;
        Array.Clear(Sums);
    }

    /// <summary>The shortest stretches whose exchanges are too even to be chance; null where none are.</summary>
    public Evenness? Find()
    {
        for (var i = 0; i < Spans.Length; i++)
        {
            var (count, sum, squares) = (Sums[i * 4], Sums[(i * 4) + 1], Sums[(i * 4) + 2]);
            if (count < LeastStretches || sum == 0) continue;
            var fano = (squares - (sum * sum / count)) / (count - 1) / (sum / count);
            if (fano < Most) return new(Spans[i], Math.Max(0, fano), sum / count);
        }

        return null;
    }

    private static void CloseStretch(Span<double> sums, long over, double exchanges)
    {
        // Stretches in between had nothing. A stretch that began before the first exchange is left out.
        var isWhole = sums[3] >= 0;
        sums[0] += isWhole ? over : over - 1;
        if (isWhole) (sums[1], sums[2]) = (sums[1] + sums[3], sums[2] + (sums[3] * sums[3]));
        sums[3] = exchanges;
        while (sums[0] > MostStretches)
        {
            for (var i = 0; i < 3; i++) sums[i] /= 2;
        }
    }
}

/// <param name="Windows">The length of a stretch, in windows.</param>
/// <param name="Fano">The variance of the exchanges in a stretch, over their mean.</param>
/// <param name="Exchanges">The mean number of exchanges in a stretch.</param>
internal readonly record struct Evenness(int Windows, double Fano, double Exchanges);
