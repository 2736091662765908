// expect: timeout
// Loops while a class is defined.
() => { class Endless { static { for (;;); } } return Endless.name }
