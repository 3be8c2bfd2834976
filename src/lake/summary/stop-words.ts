/** Words that carry a sentence and say nothing of its subject, in the languages most often met. */
export const stopWords: ReadonlySet<string> = new Set(
  [
    // English
    `a about after all also am an and any are as at be because been before being but by can could dear did do does
     for from get got had has have he her here hers him his how i if in into is it its just like me more most my no not
     now of on one only or other our out over please she should so some such than thanks that the their them then there
     these they this those through to too under up us very was we were what when where which while who why will with
     would you your yours`,
    // German
    `aber alle als also am an auch auf aus bei bin bis bitte da damit dann das dass dem den der des die dies diese
     dieser doch durch ein eine einem einen einer eines er es für haben hat hatte ich ihr ihre im in ist ja kann kein
     keine man mehr mein mit nach nicht noch nur ob oder ohne sehr sein seine sich sie sind so und uns unter vom von
     vor war waren was wenn werden wie wir wird wurde zu zum zur über`,
    // French
    `au aux avec ce ces cette dans de des du elle elles en est et été être il ils je la le les leur lui mais même
     nous on ont ou où par pas plus pour qu que qui sa sans se ses son sont sur un une vous`,
    // Spanish, Portuguese, Italian
    `al ao aos che com como con cual da dal das del della delle di do dos e ed el ella em en era es esta este foi gli
     ha han hay il las le lo los ma mais mas muy na não nel no nos num o os para pelo pela per pero por que se ser si
     sin sobre sono su sua também tem te um uma un una uno você y ya`,
    // Dutch
    `aan bij dat de deze die dit door een en er het hij ik in is maar met naar niet nog of om ook op te tot uit van
     voor was wat we wel worden zijn`,
  ].flatMap((words) => words.split(/\s+/)),
);
