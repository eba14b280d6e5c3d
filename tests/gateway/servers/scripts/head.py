"""Answers with a head in which everything is."""

print("Status: 201 Made")
print("Content-Type: text/plain; charset=utf-8")
print("Set-Cookie: one=1; Path=/")
print("Set-Cookie: two=2; HttpOnly")
print("Set-Cookie: three=3, still three; Expires=Thu, 01 Jan 2099 00:00:00 GMT")
print("X-Script: head\n")
print("made")
