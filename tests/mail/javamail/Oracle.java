// What JavaMail says: one request a line, `COMMAND BASE64`, one answer a line, base64 of UTF-8, or `!` and the exception.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import javax.mail.internet.*;

public class Oracle {
    static String answer(String command, byte[] data) throws Exception {
        String text = new String(data, StandardCharsets.UTF_8);
        switch (command) {
            case "decode":
                return MimeUtility.decodeText(MimeUtility.unfold(text));
            case "addresses": {
                StringBuilder out = new StringBuilder();
                for (InternetAddress one : InternetAddress.parseHeader(text, true)) {
                    out.append(one.getAddress()).append('\u0000').append(one.toUnicodeString()).append('\u0001');
                }
                return out.toString();
            }
            case "add": {   // the header, an empty line, then `Name: value` to add; answers all lines
                int end = text.indexOf("\r\n\r\n");
                InternetHeaders headers = new InternetHeaders(
                    new ByteArrayInputStream(text.substring(0, end + 4).getBytes(StandardCharsets.UTF_8)), true);
                for (String line : text.substring(end + 4).split("\r\n")) {
                    int colon = line.indexOf(": ");
                    headers.addHeader(line.substring(0, colon), line.substring(colon + 2));
                }
                StringBuilder out = new StringBuilder();
                for (Enumeration<String> lines = headers.getAllHeaderLines(); lines.hasMoreElements(); ) {
                    out.append(lines.nextElement()).append("\r\n");
                }
                return out.toString();
            }
            default:
                throw new IllegalArgumentException(command);
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.US_ASCII);
        for (String line; (line = in.readLine()) != null; ) {
            String[] words = line.split(" ", 2);
            String reply;
            try {
                reply = answer(words[0], Base64.getDecoder().decode(words.length > 1 ? words[1] : ""));
                reply = Base64.getEncoder().encodeToString(reply.getBytes(StandardCharsets.UTF_8));
            } catch (Exception problem) {
                reply = "!" + problem.getClass().getSimpleName();
            }
            out.println(reply);
        }
    }
}
