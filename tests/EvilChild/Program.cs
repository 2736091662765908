using FaaS.Tests.EvilChild;

// Put in the place of the sandbox child (Sandbox:ChildPath): what a child could do to the worker once somebody has broken
// out of the language and owns the process. It runs nothing; the source it is given says what to try.
using var input = Console.OpenStandardInput();
using var output = Console.OpenStandardOutput();
new Evil(input, output).Serve();
