const mostBytes = 4096;

/** askNginx: the body of the answer of `url`, at most 4 KB. Throws where there is none within `timeoutMs` or it is no success. */
export async function askNginx(url: string, timeoutMs: number): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop ends the connection.
    if (text.length > mostBytes) throw new Error(`${url} answered more than ${mostBytes} bytes`);
  }
  return text;
}
