using System.Globalization;
using System.Text.Json;

namespace FaaS.Benchmarks.Load;

/// <summary>Figures as lines for people; machines take <c>--json</c>.</summary>
internal static class Table
{
    private const int NameWidth = 30;

    public static void Write(string title, JsonElement figures, string indent = "")
    {
        Console.WriteLine(indent + title);
        indent += "  ";
        foreach (var member in figures.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Object)
            {
                Write(member.Name, member.Value, indent);
                continue;
            }
            var value = member.Value.ValueKind == JsonValueKind.Number
                ? member.Value.GetDouble().ToString("#,0.###", CultureInfo.InvariantCulture)
                : member.Value.ToString();
            Console.WriteLine($"{(indent + member.Name).PadRight(NameWidth)}{value,14}");
        }
    }
}
