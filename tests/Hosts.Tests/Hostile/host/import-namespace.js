// expect: user_error ReferenceError
// What Jint has where .NET is let in.
() => importNamespace('System.IO').File.ReadAllText('/etc/passwd')
